"""Whether the tables are what their contracts say."""
