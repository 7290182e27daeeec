"""Parts for tagging: what is known of each class, chips that filter, a preview; they know no project."""
