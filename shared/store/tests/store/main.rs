//! Every store function against a live server.
