"""The rules beyond squawk's, one file each."""
