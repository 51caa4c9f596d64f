"""The bundled connectors, one module a vendor."""
