//! cancelled_work
