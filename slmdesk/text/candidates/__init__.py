"""What may fill a cell of a table, by its kind: amounts, dates, codes, bank accounts, periods, names."""
