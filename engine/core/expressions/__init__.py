"""The typed CEL subset: parse, check, compile."""
