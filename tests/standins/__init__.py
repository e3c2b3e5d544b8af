"""Small strict stand-ins for outside services: they refuse what their documentation refuses."""
