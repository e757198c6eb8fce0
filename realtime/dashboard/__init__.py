"""The live screen: a snapshot -> lines of styled text -> what changed -> the terminal."""
