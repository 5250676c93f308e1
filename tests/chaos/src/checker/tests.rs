//! Doctored ledgers and rows.
