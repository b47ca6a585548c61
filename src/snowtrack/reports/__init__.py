"""Pure views for contractors: `daily` makes a day's work report of fixes and passes, `workbook` writes it as Excel."""
