"""What a worker has of their own: their labels and the time to change them, their pay, and care for them."""
