//! One simulated device: iOS or Android, its user and its vendor's services.
