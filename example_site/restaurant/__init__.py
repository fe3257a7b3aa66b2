"""The restaurant Chez Léa: its site, its data and a phone to text it from."""
