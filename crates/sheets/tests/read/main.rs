//! Files that other programs made, or that somebody made to do harm, go through the reader.

mod archives;
mod corpus;
mod faults;
mod faults_xls;
mod faults_xlsb;
mod faults_xlsm;
mod hostile;
mod ods;
mod package;
mod round_trip;
mod support;
mod taken_apart;
mod template;
mod text;
mod whole;
mod with_calamine;
mod workbooks;
