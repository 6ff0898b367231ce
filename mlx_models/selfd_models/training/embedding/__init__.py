"""How the shipped embedder and the sentence head are made, from public text and a teacher."""
