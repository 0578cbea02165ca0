"""The pane of reports: any task's result as a list, a grid or two pages, its form, and
who follows its job.
"""
