"""What is cleared: `fold` makes facts of passes, where state changes; `labels` tells a reader what they mean now."""
