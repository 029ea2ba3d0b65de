"""What people earned: from labels and time, with adjustments, and the file to pay them by."""
