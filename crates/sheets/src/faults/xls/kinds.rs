//! Kinds of records by the names of [MS-XLS] 2.3, in the order in which they stand in a workbook.

// The beginning and the end of each part.
pub(super) const BOF: u16 = 0x0809;
pub(super) const EOF: u16 = 0x000A;

// What belongs to the whole workbook.
pub(super) const INTERFACE_HDR: u16 = 0x00E1;
pub(super) const MMS: u16 = 0x00C1;
pub(super) const INTERFACE_END: u16 = 0x00E2;
pub(super) const WRITE_ACCESS: u16 = 0x005C;
pub(super) const CODE_PAGE: u16 = 0x0042;
pub(super) const DSF: u16 = 0x0161;
pub(super) const RR_TAB_ID: u16 = 0x013D;
pub(super) const WIN_PROTECT: u16 = 0x0019;
pub(super) const PROTECT: u16 = 0x0012;
pub(super) const PASSWORD: u16 = 0x0013;
pub(super) const PROT_4_REV: u16 = 0x01AF;
pub(super) const PROT_4_REV_PASS: u16 = 0x01BC;
pub(super) const WINDOW_1: u16 = 0x003D;
pub(super) const BACKUP: u16 = 0x0040;
pub(super) const HIDE_OBJ: u16 = 0x008D;
pub(super) const DATE_1904: u16 = 0x0022;
pub(super) const CALC_PRECISION: u16 = 0x000E;
pub(super) const REFRESH_ALL: u16 = 0x01B7;
pub(super) const BOOK_BOOL: u16 = 0x00DA;
pub(super) const FONT: u16 = 0x0031;
pub(super) const FORMAT: u16 = 0x041E;
pub(super) const XF: u16 = 0x00E0;
pub(super) const STYLE: u16 = 0x0293;
pub(super) const PALETTE: u16 = 0x0092;
pub(super) const USES_ELFS: u16 = 0x0160;
pub(super) const BOUND_SHEET_8: u16 = 0x0085;
pub(super) const COUNTRY: u16 = 0x008C;

// Its texts.
pub(super) const SST: u16 = 0x00FC;
pub(super) const CONTINUE: u16 = 0x003C;
pub(super) const EXT_SST: u16 = 0x00FF;

// A sheet, before its cells.
pub(super) const INDEX: u16 = 0x020B;
pub(super) const CALC_MODE: u16 = 0x000D;
pub(super) const CALC_COUNT: u16 = 0x000C;
pub(super) const CALC_REF_MODE: u16 = 0x000F;
pub(super) const CALC_ITER: u16 = 0x0011;
pub(super) const CALC_DELTA: u16 = 0x0010;
pub(super) const CALC_SAVE_RECALC: u16 = 0x005F;
pub(super) const PRINT_ROW_COL: u16 = 0x002A;
pub(super) const PRINT_GRID: u16 = 0x002B;
pub(super) const GRID_SET: u16 = 0x0082;
pub(super) const GUTS: u16 = 0x0080;
pub(super) const DEFAULT_ROW_HEIGHT: u16 = 0x0225;
pub(super) const WS_BOOL: u16 = 0x0081;
pub(super) const HEADER: u16 = 0x0014;
pub(super) const FOOTER: u16 = 0x0015;
pub(super) const H_CENTER: u16 = 0x0083;
pub(super) const V_CENTER: u16 = 0x0084;
pub(super) const SETUP: u16 = 0x00A1;
pub(super) const DEF_COL_WIDTH: u16 = 0x0055;
pub(super) const COL_INFO: u16 = 0x007D;
pub(super) const DIMENSIONS: u16 = 0x0200;

// Rows and cells.
pub(super) const ROW: u16 = 0x0208;
pub(super) const BLANK: u16 = 0x0201;
pub(super) const NUMBER: u16 = 0x0203;
pub(super) const RK: u16 = 0x027E;
pub(super) const BOOL_ERR: u16 = 0x0205;
pub(super) const LABEL_SST: u16 = 0x00FD;
pub(super) const DB_CELL: u16 = 0x00D7;

// A sheet, behind its cells.
pub(super) const WINDOW_2: u16 = 0x023E;
pub(super) const PANE: u16 = 0x0041;
pub(super) const SELECTION: u16 = 0x001D;
