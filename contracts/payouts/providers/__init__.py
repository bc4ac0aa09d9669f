"""Ways of paying behind one port: bank file and Stripe Connect."""
