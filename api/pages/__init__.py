"""The public pages of the register: HTML for people, no token needed; what is true is asked from engine/service/public.py."""
