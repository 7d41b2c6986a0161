//! Dataset definitions, validated queries, and SQL sources that stream Arrow batches.
