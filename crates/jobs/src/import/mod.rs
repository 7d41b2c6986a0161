//! Imports: a file becomes a draft, the draft a plan, the plan rows of a database.

mod calls;
