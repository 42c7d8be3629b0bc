"""What a study learns from: tasks, data sets, and tables and arrays of people's own."""
