"""What the engine's ports look like outside: mail, webhooks, certificates, tables."""
