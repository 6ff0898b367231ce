"""What every command uses of a terminal: options, input, plain text, colours, bars and figures."""
