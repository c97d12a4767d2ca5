"""The fixed parts of a champion's model.py, as modules: the library uses and tests them, and copies them into that file.

They import torch and the standard library alone. What is copied of a file is everything after its line `# model.py`.
Each file is as small as it is because a model.py gets no more than it needs: one for images has nothing on dates.
"""
