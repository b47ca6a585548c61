"""An epoch as numbers and as text: the language between receiver, tracker and engine."""
