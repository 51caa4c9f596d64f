"""Rule packs that ship with opshub, as package data."""
