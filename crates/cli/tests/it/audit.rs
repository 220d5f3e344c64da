//! The audit log: who used which role, when.
