"""What residents ask for, and the demand items made of it."""
