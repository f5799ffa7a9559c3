"""The record of who saw and did what at the desk."""
