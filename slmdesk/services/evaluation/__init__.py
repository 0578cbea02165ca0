"""What models are good for: exams, benchmark, comparison."""
