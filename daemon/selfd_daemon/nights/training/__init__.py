"""What a night trains: fine-tunes of the built-in model, adapters of others, each in a process."""
