"""How well a model translates a pair of languages: exams and advice."""
