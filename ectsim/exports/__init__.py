"""What leaves ectsim: calendars, a workbook, a page for the head, JSON. All but the calendars can be read back."""
