"""Put a lost manifest together again from the files of its backup."""
