"""A brand: colours, logo, fonts and icons, made of the few lines that a sale has on them."""
