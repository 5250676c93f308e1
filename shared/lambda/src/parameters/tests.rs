//! Tests of reading parameters.
