"""Reports for people: charts and tables from the marts, archived as HTML, JSON and CSV."""
