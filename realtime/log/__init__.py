"""What a run leaves behind: estimate -> bounded queue -> CSV, JSON or plain lines."""
