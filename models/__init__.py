"""What is: quantities, case files, networks, kernels, devices, the energy buffer and its supply, programs, plans."""
