//! Spreadsheets as streams: XLSX and CSV writing.
