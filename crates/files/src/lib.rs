//! The file store, over OpenDAL.
