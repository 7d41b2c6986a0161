//! The jobs themselves: export; the only crate that joins tasks, sheets, datasets and files.
