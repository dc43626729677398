"""What holds the apps of the desk together: settings, addresses, and the door for a web server."""
