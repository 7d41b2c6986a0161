//! Files that other programs made, or that somebody made to do harm, go through the reader.

mod archives;
mod hostile;
mod package;
mod round_trip;
mod support;
mod text;
mod with_calamine;
mod workbooks;
