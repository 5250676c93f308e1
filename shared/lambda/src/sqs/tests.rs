//! Tests of the partial batch response.
