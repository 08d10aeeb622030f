"""Several provinces whose firms trade in one carbon market."""
